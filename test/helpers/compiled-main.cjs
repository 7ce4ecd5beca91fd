// Preloaded into a process that is to run a TypeScript program of this repository: it runs the compiled form.
const { Module } = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const file = path.relative(path.join(__dirname, "../.."), process.argv[1]).replace(/\.ts$/, ".js");
const program = pathToFileURL(path.join(process.env.COMPILED_TESTS_OF_CRONDUIT, file)).href;
Module.runMain = () => void import(program);
