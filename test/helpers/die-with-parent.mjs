// Preloaded into the programs that tests start: none outlives a test run that was itself killed.
process.on("disconnect", () => process.exit(1));
process.channel?.unref();
