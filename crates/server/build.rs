//! Says where the web app is, for embedding. Never builds it: without it, a page says so.

use std::{env, fs, io, path::Path};

const PAGE: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>acehls</title>
<h1>The web app was not built</h1>
<p>This acehls was compiled without its web app. Build both with <code>make build</code>,
or the app alone with <code>npm ci && npm run build</code> in <code>web/</code>, then compile again.</p>
<p>The server itself works: see <a href=\"/health\">/health</a> and <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p>
";

fn main() -> io::Result<()> {
    // Asked for now, not when this was compiled: a target folder may have moved since.
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../..");
    let dist = root.join("web/dist");
    println!("cargo:rerun-if-changed=build.rs");
    if root.join("web").is_dir() {
        // Cargo takes a folder that is not there for one that always changed, and would compile every time.
        fs::create_dir_all(&dist)?;
        println!("cargo:rerun-if-changed={}", dist.display());
    }
    let app = if dist.join("index.html").is_file() { dist } else { page()? };
    // Cargo hands this on to what it runs, too: with our own prefix it would be taken for a setting.
    println!("cargo:rustc-env=WEB_DIST={}", app.display());
    Ok(())
}

fn page() -> io::Result<std::path::PathBuf> {
    let folder = Path::new(&env::var("OUT_DIR").map_err(io::Error::other)?).join("web");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("index.html"), PAGE)?;
    Ok(folder)
}
