//! All units behind C functions: `libinos_compute.a`, `libinos_compute.so`, or a wasm module.

inos_units::export_abi!(inos_units::Dispatcher::standard());
