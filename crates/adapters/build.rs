//! Migrations are built in, and Cargo does not see new ones by itself.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
