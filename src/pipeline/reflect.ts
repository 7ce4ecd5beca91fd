// tsyringe refuses to load without it. In its own module, because some bundlers run an imported CommonJS package where
// the importing module begins, which is after that module's other imports.
import "reflect-metadata";
