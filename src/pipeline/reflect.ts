// tsyringe refuses to load without it. In a module of its own, since some bundlers run a CommonJS package where the module
// that imports it begins, which is behind that module's other imports.
import "reflect-metadata";
