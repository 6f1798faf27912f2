// Runs users' message transforms: one JSON request a line on standard input, one JSON answer a line on standard output.
// {"code", "name", "message"?, "metadata"?} -> {"message"} (null filters it) or {"error"}. Without a message it only compiles.
'use strict';
const readline = require('node:readline');
const vm = require('node:vm');

const TIME_LIMIT_MS = 500;
const compiled = new Map();

function compile(code, name) {
  const key = JSON.stringify([name, code]);
  if (!compiled.has(key)) {
    if (!/^[A-Za-z_$][\w$]*$/.test(name)) throw new Error(`${name} is not the name of a function`);
    const script = new vm.Script(`${code}\n;JSON.stringify((${name})(JSON.parse(__message), JSON.parse(__metadata)))`);
    const check = vm.createContext(Object.create(null));
    const kind = vm.runInContext(`${code}\n;typeof ${name}`, check, { timeout: TIME_LIMIT_MS });
    if (kind !== 'function') throw new Error(`the code defines no function ${name}`);
    compiled.set(key, script);
  }
  return compiled.get(key);
}

function answer(request) {
  try {
    const script = compile(request.code, request.name);
    if (request.message === undefined) return {};
    // A new context for every message: a transform keeps no state.
    const context = vm.createContext(Object.assign(Object.create(null), {
      __message: JSON.stringify(request.message),
      __metadata: JSON.stringify(request.metadata),
    }));
    const text = script.runInContext(context, { timeout: TIME_LIMIT_MS });
    return { message: text === undefined ? null : JSON.parse(text) };
  } catch (error) {
    return { error: String((error && error.message) || error) };
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
});
