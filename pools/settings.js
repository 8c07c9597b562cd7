"use strict";

// The settings of each pool, for serverless.yml: ${file(pools/settings.js):campus.env}
// has the values in pools/campus.env of the settings that custom.settings.env lists,
// and campus.secret those of custom.settings.secret. A missing or unknown setting fails
// the deployment; all problems are reported at once. An empty setting counts as not set
// and is not deployed.

const { execFileSync } = require("node:child_process");
const { readdirSync } = require("node:fs");
const path = require("node:path");

// read lets a shell read a pool's file, as `set -a; . pools/campus.env` does for the
// command line. DIVIMS_ variables of the current environment are left out, so that
// the settings of one pool do not reach another.
function read(pool) {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("DIVIMS_"));
  const print = "process.stdout.write(JSON.stringify(process.env))";
  const output = execFileSync(
    "sh",
    ["-ec", 'set -a; . "$0"; exec "$1" -e "$2"', path.join(__dirname, `${pool}.env`), process.execPath, print],
    {
      cwd: path.dirname(__dirname),
      env: Object.fromEntries(environment),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const variables = Object.entries(JSON.parse(output));
  return new Map(variables.filter(([name, value]) => name.startsWith("DIVIMS_") && value !== ""));
}

// check throws an error that names all problems of a pool's file, without values.
function check(pool, values, known) {
  const problems = [];
  for (const name of values.keys()) {
    if (!(name in known)) problems.push(`${name} is not a setting`);
  }
  for (const [name, need] of Object.entries(known)) {
    if (need === "required" && !values.has(name)) problems.push(`${name} is required`);
  }
  if (problems.length > 0) throw new Error(`pools/${pool}.env: ${problems.join("; ")}`);
}

// listed returns the values of the listed settings, with ${ escaped so that osls does
// not expand it.
function listed(values, list) {
  const names = Object.keys(list).filter((name) => values.has(name));
  return Object.fromEntries(names.map((name) => [name, values.get(name).replaceAll("${", "\\${")]));
}

for (const file of readdirSync(__dirname)) {
  const { name: pool, ext } = path.parse(file);
  if (ext !== ".env") continue;
  exports[pool] = async ({ resolveConfigurationProperty }) => {
    const { env, secret, commands } = await resolveConfigurationProperty(["custom", "settings"]);
    const values = read(pool);
    check(pool, values, { ...env, ...secret, ...commands });
    return { env: listed(values, env), secret: listed(values, secret) };
  };
}
