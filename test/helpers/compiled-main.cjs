// Preloaded into a process that is to run a TypeScript program of this repository: it runs the compiled form.
const { Module } = require("node:module");
const { join, relative } = require("node:path");
const { pathToFileURL } = require("node:url");

const file = relative(join(__dirname, "../.."), process.argv[1]).replace(/\.ts$/, ".js");
const program = pathToFileURL(join(process.env.CRONDUIT_COMPILED_TESTS, file)).href;
Module.runMain = () => import(program);
