//! Writes the code of the messages into `schemas/src/generated`. Needs the program `capnp`.
//!
//! `cargo run -p inos-schemas --example messages`

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    capnpc::CompilerCommand::new()
        .src_prefix(root.join("compute/v1"))
        .file(root.join("compute/v1/capsule.capnp"))
        .output_path(root.join("src/generated"))
        .default_parent_module(vec!["generated".into()])
        .run()?;
    println!("wrote {}", root.join("src/generated/capsule_capnp.rs").display());
    Ok(())
}
