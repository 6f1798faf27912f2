// Compiles one Dataform project with its own @dataform/core: a request as JSON on stdin, the compiled graph as JSON on stdout.
// Request: {projectDir, modulesDir, filePaths, override: {defaultDatabase, vars, ...}}; paths are real folders.
"use strict";

const fs = require("fs");
const path = require("path");
const Module = require("module");

const OVERRIDE_FIELDS = {
  defaultSchema: 2,
  assertionSchema: 5,
  schemaSuffix: 7,
  defaultDatabase: 9,
  tablePrefix: 11,
  databaseSuffix: 15,
  defaultLocation: 16,
  builtinAssertionNamePrefix: 18,
};

function varint(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

function field(number, content) {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function encodeOverride(override) {
  const plain = Object.entries(OVERRIDE_FIELDS).filter(([name]) => override[name]);
  const vars = Object.entries(override.vars || {});
  return Buffer.concat([
    ...plain.map(([name, number]) => field(number, override[name])),
    ...vars.map(([key, value]) => field(14, Buffer.concat([field(1, key), field(2, value)]))),
  ]);
}

function encodeRequest(request) {
  const config = Buffer.concat([
    field(1, request.projectDir),
    field(3, encodeOverride(request.override || {})),
    ...request.filePaths.map((file) => field(8, file)),
  ]);
  return field(1, field(1, config)).toString("base64");
}

function resolveFromProject(request) {
  const original = Module._resolveFilename;
  Module._resolveFilename = function resolve(name, parent, ...rest) {
    const here = path.join(request.projectDir, name);
    const candidates = [here, `${here}.js`, path.join(here, "index.js")];
    const local = !path.isAbsolute(name) && !name.startsWith(".") && !name.startsWith("@")
      ? candidates.find((file) => fs.existsSync(file) && fs.statSync(file).isFile()) : undefined;
    return local || original.call(this, name, parent, ...rest);
  };
  process.env.NODE_PATH = request.modulesDir;
  Module._initPaths();
}

function loadWithCompiler(core) {
  for (const extension of [".sqlx", ".sql", ".yaml", ".yml", ".ipynb", ".md"]) {
    Module._extensions[extension] = (module, file) =>
      module._compile(core.compiler(fs.readFileSync(file, "utf8"), file), file);
  }
  const plain = Module._extensions[".js"];
  Module._extensions[".js"] = (module, file) =>
    file.includes("node_modules") ? plain(module, file) : module._compile(core.compiler(fs.readFileSync(file, "utf8"), file), file);
}

function compile(request) {
  resolveFromProject(request);
  const core = require("@dataform/core");
  loadWithCompiler(core);
  const finish = core.session.compile.bind(core.session);
  let graph;
  core.session.compile = () => (graph = finish());
  core.main(encodeRequest(request));
  return graph.toJSON();
}

// Whatever the project prints goes to stderr: stdout is the answer.
console.log = console.error;
process.stdout.write(JSON.stringify(compile(JSON.parse(fs.readFileSync(0, "utf8")))));
