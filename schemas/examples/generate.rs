//! Writes the layout's constants for other languages into `schemas/generated`.
//!
//! `cargo run -p inos-schemas --example generate`

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    fs::create_dir_all(&folder)?;
    let files = [
        ("inos_layout.ts", inos_schemas::typescript()),
        ("inos_layout.h", inos_schemas::c_header()),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
