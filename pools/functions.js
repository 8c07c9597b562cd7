"use strict";

// The functions for serverless.yml, one for each pools/NAME.env. The command `divims
// deploy` reads and checks these files. If it runs osls, it hands them over through stdin;
// otherwise it is asked here.

const { execFileSync } = require("node:child_process");
const { readFileSync } = require("node:fs");

module.exports = () => {
  if (process.env.DIVIMS_FUNCTIONS === "stdin") return JSON.parse(readFileSync(0, "utf8"));
  const output = execFileSync("go", ["run", "./internal/cmd/divims", "deploy", "--functions"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(output);
};
