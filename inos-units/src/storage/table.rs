//! The table of methods.
//!
//! Results of methods that change the store cost nothing by their length: a call must not change
//! it and then fail for credits.

use super::address::{ADDRESS_LEN, Address};
#[cfg(feature = "storage-pack")]
use super::pack::{
    self, Pack, PackKeyParams, PackParams, PackRangeParams, PackSealedParams, Packer, Unpack,
    UnpackParams,
};
use super::params::{AddressParams, ChunkParams, ImportParams, RangeParams};
use super::reading::{JSON_ADDRESS_LEN, MAX_JSON_LEN, SCRUB_LEN};
use super::store::Store;
use super::writing::{answers, change};
use super::{StorageUnit, container, cut, diff, manifest, reading, writing};
use crate::schema::NoParams;
use crate::unit;
use crate::unit::Cost;

unit! {
    impl StorageUnit: "storage" (0, 1, 0) "Content-addressed storage in memory" {
        put(NoParams) {
            summary: "Holds an object, and gives its address",
            input: "an object",
            result: "32 bytes",
            determinism: Strict,
            cost: Cost { call: 400, input_kib: 700, result_kib: 0 },
            answer: "test_vectors.json of BLAKE3",
            bound: |_, _, _| Ok(ADDRESS_LEN),
            run: whole(|unit, _, input, out, budget| writing::put(unit, input, out, budget)),
        }
        put_many(NoParams) {
            summary: "Holds many objects, all or none",
            input: "objects, each after its length in 4 bytes",
            result: "32 bytes for each",
            determinism: Strict,
            cost: Cost { call: 400, input_kib: 4_000, result_kib: 0 },
            answer: "test_vectors.json of BLAKE3",
            bound: |_, _, input| writing::put_many_bound(input),
            run: whole(|unit, _, input, out, budget| writing::put_many(unit, input, out, budget)),
        }
        get(AddressParams) {
            summary: "An object, verified",
            input: "nothing",
            result: "its bytes",
            determinism: Strict,
            cost: Cost { call: 400, input_kib: 0, result_kib: 100 },
            answer: "test_vectors.json of BLAKE3",
            bound: |unit, params, _| {
                let address = Address::from_param(&params.address)?;
                reading::range_len(&unit.read(), address, 0, u64::MAX)
            },
            run: whole(|unit, params, input, out, budget| {
                let all = RangeParams { address: params.address.clone(), ..RangeParams::default() };
                reading::get(unit, &all, input, out, budget)
            }),
        }
        get_range(RangeParams) {
            summary: "A part of an object, its chunks verified",
            input: "nothing",
            result: "`length` bytes, or fewer at the end",
            determinism: Strict,
            cost: Cost { call: 400, input_kib: 0, result_kib: 100 },
            answer: "the bytes of BLAKE3's test inputs",
            bound: |unit, params, _| {
                let address = Address::from_param(&params.address)?;
                reading::range_len(&unit.read(), address, params.offset, params.length)
            },
            run: whole(|unit, params, input, out, budget| {
                reading::get(unit, params, input, out, budget)
            }),
        }
        manifest(AddressParams) {
            summary: "Hashes and lengths of an object's chunks",
            input: "nothing",
            result: "a manifest",
            determinism: Strict,
            cost: Cost { call: 400, input_kib: 0, result_kib: 200 },
            answer: "a byte-by-byte gear hash, its table by MD5",
            bound: |unit, params, _| {
                let address = Address::from_param(&params.address)?;
                let row_count = unit.read().object(address)?.row_count();
                Ok(manifest::manifest_len(row_count))
            },
            run: whole(|unit, params, input, out, budget| {
                reading::manifest(unit, params, input, out, budget)
            }),
        }
        has(NoParams) {
            summary: "Whether objects are there",
            input: "addresses",
            result: "a byte for each, 1 or 0",
            determinism: Strict,
            cost: Cost { call: 100, input_kib: 3_000, result_kib: 0 },
            answer: "a model: a map of vectors",
            bound: |_, _, input| Ok(input.len() / ADDRESS_LEN),
            run: whole(|unit, _, input, out, budget| {
                answers(input, out, budget, |part, answers| {
                    let store = unit.read();
                    let has = |bytes: &[u8; _]| store.object(Address::new(*bytes)).is_ok();
                    answers.extend(part.iter().map(|bytes| u8::from(has(bytes))));
                })
            }),
        }
        delete(NoParams) {
            summary: "Takes objects' names away; those that are pinned stay as long as they are",
            input: "addresses",
            result: "a byte for each, 1 if it was put and not deleted",
            determinism: Strict,
            cost: Cost { call: 100, input_kib: 3_000, result_kib: 0 },
            answer: "a model: a map of vectors",
            bound: |_, _, input| Ok(input.len() / ADDRESS_LEN),
            run: whole(|unit, _, input, out, budget| {
                answers(input, out, budget, change(unit, Store::delete))
            }),
        }
        pin(NoParams) {
            summary: "Keeps objects even if they are deleted",
            input: "addresses",
            result: "a byte for each, 1 if it is there",
            determinism: Strict,
            cost: Cost { call: 100, input_kib: 3_000, result_kib: 0 },
            answer: "a model: a map of vectors",
            bound: |_, _, input| Ok(input.len() / ADDRESS_LEN),
            run: whole(|unit, _, input, out, budget| {
                answers(input, out, budget, change(unit, Store::pin))
            }),
        }
        unpin(NoParams) {
            summary: "Takes pins away",
            input: "addresses",
            result: "a byte for each, 1 if it was pinned",
            determinism: Strict,
            cost: Cost { call: 100, input_kib: 3_000, result_kib: 0 },
            answer: "a model: a map of vectors",
            bound: |_, _, input| Ok(input.len() / ADDRESS_LEN),
            run: whole(|unit, _, input, out, budget| {
                answers(input, out, budget, change(unit, Store::unpin))
            }),
        }
        gc(NoParams) {
            summary: "Removes what is neither pinned nor put and not deleted",
            input: "nothing",
            result: "a JSON object",
            determinism: Strict,
            cost: Cost { call: 10_000, input_kib: 0, result_kib: 0 },
            answer: "a model: a map of vectors",
            bound: |_, _, _| Ok(MAX_JSON_LEN),
            run: whole(|unit, _, input, out, budget| writing::gc(unit, input, out, budget)),
        }
        stat(NoParams) {
            summary: "How much is held",
            input: "nothing",
            result: "a JSON object",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 0, result_kib: 0 },
            answer: "a store whose numbers are known beforehand",
            bound: |_, _, _| Ok(MAX_JSON_LEN),
            run: whole(|unit, _, input, out, _| reading::stat(unit, input, out)),
        }
        chunk(ChunkParams) {
            summary: "Where content-defined chunking cuts, and the chunks' hashes",
            input: "bytes",
            result: "48 bytes for each chunk: offset, length, hash",
            determinism: Strict,
            cost: Cost { call: 400, input_kib: 600, result_kib: 0 },
            answer: "a byte-by-byte gear hash, its table by MD5",
            bound: |_, params, input| Ok(cut::Limits::new(params)?.bound(input.len())),
            run: whole(|_, params, input, out, budget| cut::chunk(params, input, out, budget)),
        }
        diff(NoParams) {
            summary: "What only one of two sets of addresses has",
            input: "a count, the first set, the second",
            result: "three counts, then addresses",
            determinism: Strict,
            cost: Cost { call: 400, input_kib: 8_000, result_kib: 0 },
            answer: "sets of numbers, by hand",
            bound: |_, _, input| Ok(diff::DIFF_HEADER_LEN + input.len()),
            run: whole(|_, _, input, out, budget| diff::diff(input, out, budget)),
        }
        export(NoParams) {
            summary: "Objects and their chunks in one container",
            input: "addresses; none means all",
            result: "a container",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 3_000, result_kib: 400 },
            answer: "a container written by hand, with a digest of BLAKE3's test vectors",
            bound: |unit, _, _| Ok(container::bound(unit.read().totals())),
            run: whole(|unit, _, input, out, budget| container::export(unit, input, out, budget)),
        }
        import(ImportParams) {
            summary: "Verifies a container and holds its objects, all or none",
            input: "a container",
            result: "a JSON object",
            determinism: Strict,
            cost: Cost { call: 2_000, input_kib: 500, result_kib: 0 },
            answer: "a container written by hand, with a digest of BLAKE3's test vectors",
            bound: |_, _, _| Ok(MAX_JSON_LEN),
            run: whole(|unit, params, input, out, budget| {
                writing::import(unit, params, input, out, budget)
            }),
        }
        scrub(NoParams) {
            summary: "Hashes all that is held, and tells what is damaged",
            input: "nothing",
            result: "a JSON object",
            determinism: Strict,
            cost: Cost { call: 10_000, input_kib: 0, result_kib: 0 },
            answer: "a bit flipped on purpose",
            bound: |unit, _, _| {
                let count = unit.read().totals().held_objects;
                let len = count.saturating_mul(JSON_ADDRESS_LEN as u64);
                Ok(usize::try_from(len).unwrap_or(usize::MAX).saturating_add(SCRUB_LEN))
            },
            run: whole(|unit, _, input, out, budget| reading::scrub(unit, input, out, budget)),
        }
        #[cfg(feature = "storage-pack")]
        pack(PackParams) {
            summary: "A file cut, hashed and compressed in one pass",
            input: "a file",
            result: "a pack",
            determinism: Strict,
            cost: Cost { call: 5_000, input_kib: 35_000, result_kib: 0 },
            answer: "a pack by Python, b3sum and the reference's brotli",
            bound: |_, params, input| pack::pack_bound(params, input.len()),
            run: split(|_, params, input, budget| {
                Ok(Box::new(Pack::new(Packer::plain(params)?, input, budget)?))
            }, |_, params, input, out, budget| {
                pack::pack(&Packer::plain(params)?, input, out, budget)
            }),
        }
        #[cfg(feature = "storage-pack")]
        pack_sealed(PackSealedParams) {
            summary: "A file cut, hashed, compressed and sealed in one pass",
            input: "a file",
            result: "a pack",
            determinism: Fast,
            cost: Cost { call: 10_000, input_kib: 35_700, result_kib: 0 },
            answer: "a pack by Python, its package cryptography, b3sum and the reference's brotli",
            bound: |_, params, input| pack::pack_bound(&params.packing(), input.len()),
            run: split(|unit, params, input, budget| {
                Ok(Box::new(Pack::new(Packer::sealed(unit, params)?, input, budget)?))
            }, |unit, params, input, out, budget| {
                pack::pack(&Packer::sealed(unit, params)?, input, out, budget)
            }),
        }
        #[cfg(feature = "storage-pack")]
        pack_manifest(PackKeyParams) {
            summary: "What chunks a pack has, and where",
            input: "a pack",
            result: "64 bytes for each chunk of the file",
            determinism: Strict,
            cost: Cost { call: 10_000, input_kib: 1_000, result_kib: 200 },
            answer: "a pack by Python, its package cryptography, b3sum and the reference's brotli",
            bound: |_, _, input| pack::manifest_bound(input),
            run: whole(|unit, params, input, out, budget| {
                pack::manifest(unit, params, input, out, budget)
            }),
        }
        #[cfg(feature = "storage-pack")]
        unpack(UnpackParams) {
            summary: "The file of a pack, verified",
            input: "a pack",
            result: "the file",
            determinism: Strict,
            cost: Cost { call: 10_000, input_kib: 1_000, result_kib: 3_000 },
            answer: "a pack by Python, its package cryptography, b3sum and the reference's brotli",
            bound: |_, params, input| pack::bound(params, input),
            run: split(|unit, params, input, budget| {
                Ok(Box::new(Unpack::new(unit, params, input, budget)?))
            }, |unit, params, input, out, budget| pack::unpack(unit, params, input, out, budget)),
        }
        #[cfg(feature = "storage-pack")]
        unpack_range(PackRangeParams) {
            summary: "A range of the file of a pack, its chunks verified",
            input: "a pack",
            result: "`length` bytes, or fewer at the end",
            determinism: Strict,
            cost: Cost { call: 10_000, input_kib: 1_000, result_kib: 100 },
            answer: "a pack by Python, its package cryptography, b3sum and the reference's brotli",
            bound: |_, params, input| pack::range_bound(params, input),
            run: whole(|unit, params, input, out, budget| {
                pack::range(unit, params, input, out, budget)
            }),
        }
    }
}
