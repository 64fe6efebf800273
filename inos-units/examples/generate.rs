//! Writes what is made from the tables: the C header, and the page of methods.
//!
//! `cargo run -p inos-units --features full --example generate`

use std::path::Path;
use std::{fs, io};

use inos_units::{Dispatcher, abi};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = [
        ("include/inos_compute.h", abi::c_header()),
        ("../docs/methods.md", Dispatcher::standard().describe_markdown()),
    ];
    for (name, text) in files {
        let path = root.join(name);
        fs::write(&path, text)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
