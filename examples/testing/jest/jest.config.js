// For the compiled tests.
export default {
  transform: {},
  testMatch: ["**/jest/**/*.test.js"],
  // jest runs CommonJS packages before the ES modules that import them, so this one must be there before.
  setupFiles: ["reflect-metadata"],
};
