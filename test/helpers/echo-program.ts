// A child program for the helpers' tests: sends, prints, and echoes messages.
process.send?.({ kind: "started", args: process.argv.slice(2), greeting: process.env["GREETING"] });
process.on("message", (message) => {
  if (typeof message === "object" && message !== null && "exit" in message) process.exit(3);
  console.log(JSON.stringify({ kind: "heard", message }));
});
console.log("a line for people");
setInterval(() => undefined, 60_000);
