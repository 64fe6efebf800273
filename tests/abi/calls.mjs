// The units as wasm modules, called over plain memory: good, bad and absurd, and every strict
// method against what a native build gave.
//
//   node tests/abi/calls.mjs INOS_COMPUTE.WASM CUSTOM_UNIT.WASM VECTORS
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const [modulePath, customPath, vectorsPath] = process.argv.slice(2);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const BAD_CALL = 17;
const NO_METHOD = 0xffffffff;

/** A module, and the calls of one who behaves. */
async function load(path) {
  const { instance } = await WebAssembly.instantiate(readFileSync(path), {});
  const wasm = instance.exports;
  // A view of memory that has grown since is dead, so each is made anew.
  const bytes = (ptr, len) => new Uint8Array(wasm.memory.buffer, ptr, len);

  const put = (data) => {
    const source = typeof data === "string" ? encoder.encode(data) : data;
    const ptr = wasm.compute_alloc(source.length);
    assert.notEqual(ptr, 0);
    bytes(ptr, source.length).set(source);
    return [ptr, source.length];
  };
  const take = (block) => {
    assert.ok(block > 0 && block % 8 === 0);
    const view = new DataView(wasm.memory.buffer, block);
    const [status, offset] = [view.getUint32(0, true), view.getUint32(4, true)];
    const length = Number(view.getBigUint64(8, true));
    const payload = bytes(block + offset, length).slice();
    assert.equal(wasm.compute_free(block), 0);
    return { status, payload, text: decoder.decode(payload) };
  };
  const call = (unit, method, input, params) => {
    const parts = [unit, method, input, params].map(put);
    const result = take(wasm.compute_execute(...parts.flat()));
    for (const [ptr] of parts) assert.equal(wasm.compute_free(ptr), 0);
    return result;
  };
  return { wasm, put, take, call, bytes };
}

function absurd({ wasm, put, take, bytes }) {
  const end = wasm.memory.buffer.byteLength;
  const ranges = [[0, 1], [0, -1], [8, -1], [end, 1], [end - 4, 8], [-8, 4], [-1, -1], [8, 1 << 31]];
  for (const [ptr, len] of ranges) {
    for (const block of [
      wasm.compute_execute(ptr, len, 0, 0, 0, 0, 0, 0),
      wasm.compute_execute_id(0, ptr, len, 0, 0),
      wasm.compute_execute_id(0, 0, 0, ptr, len),
    ]) {
      const { status, text } = take(block);
      assert.equal(status, BAD_CALL, `${ptr} ${len}`);
      assert.equal(JSON.parse(text).error, "BadCall");
    }
    assert.equal(wasm.compute_execute_into(0, 0, 0, 0, 0, ptr, len, 0), BAD_CALL);
    assert.equal(wasm.compute_resolve(ptr, len, 0, 0) >>> 0, NO_METHOD);
    assert.equal(take(wasm.compute_last_error()).status, BAD_CALL);
  }
  assert.equal(wasm.compute_free(0), 0);
  const [ptr] = put("x");
  for (const foreign of [1, 8, -8, ptr + 8, end]) assert.equal(wasm.compute_free(foreign), BAD_CALL);
  assert.deepEqual([wasm.compute_free(ptr), wasm.compute_free(ptr)], [0, BAD_CALL]);
  assert.equal(wasm.compute_alloc(-1), 0);
  assert.equal(JSON.parse(take((take(wasm.compute_last_error()), wasm.compute_alloc(-1), wasm.compute_last_error())).text).error, "OutOfMemory");
  assert.equal(bytes(0, 1).length, 1);
}

const units = await load(modulePath);
const sha = units.call("hash", "sha256", "abc", "");
assert.equal(sha.status, 0);
assert.equal(Buffer.from(sha.payload.slice(0, 4)).toString("hex"), "ba7816bf");
assert.equal(JSON.parse(units.call("hash", "md5", "", "").text).error, "UnknownMethod");
assert.equal(JSON.parse(units.call("hash", "blake3", "", '{"length":0}').text).name, "length");
absurd(units);

let compared = 0;
const methods = new Set();
for (const line of readFileSync(vectorsPath, "utf8").trim().split("\n")) {
  const { unit, method, input, params, result } = JSON.parse(line);
  const got = units.call(unit, method, Buffer.from(input, "hex"), params);
  assert.equal(got.status, 0, got.text);
  assert.equal(Buffer.from(got.payload).toString("hex"), result, `${unit}.${method} ${params}`);
  methods.add(`${unit}.${method}`);
  compared += 1;
}
const strict = JSON.parse(units.take(units.wasm.compute_describe()).text).flatMap((unit) =>
  unit.methods.filter((m) => m.determinism === "strict").map((m) => `${unit.name}.${m.name}`),
);
const missing = strict.filter((name) => !methods.has(name));
assert.deepEqual(missing, [], "strict methods without a vector");

const custom = await load(customPath);
assert.equal(custom.call("text", "caesar", "Veni, vidi, vici", '{"shift":3}').text, "Yhql, ylgl, ylfl");
assert.equal(custom.call("text", "count", "one two  three", "").payload[0], 3);
assert.equal(custom.call("text", "count", new Uint8Array([0xff]), "").status, 8);
absurd(custom);

console.log(`${compared} calls of ${strict.length} strict methods: the same bits as natively`);
