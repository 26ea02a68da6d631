//! Which product a line of INFO speaks of, for anyone who writes evidence and anyone who reads it.

/// What programs are made of, and what they speak: `rocksdb_version` names no product.
const INGREDIENTS: &[&str] = &[
    "allocator", "aof", "api", "boost", "clang", "cluster", "compiler", "config", "cpu", "data",
    "db", "dotnet", "gcc", "glibc", "go", "java", "jdk", "jemalloc", "jvm", "kernel", "leveldb",
    "libc", "lua", "luajit", "min", "module", "modules", "openssl", "os", "proto", "protocol",
    "rdb", "replication", "resp", "rocksdb", "rust", "rustc", "schema", "speedb", "ssl",
    "tcmalloc", "tls", "zlib",
];

/// The product whose version a line `<name>_version` tells.
pub fn product_of_line(line: &str) -> Option<&str> {
    let name = line.strip_suffix("_version")?;
    (!name.is_empty() && !INGREDIENTS.contains(&name)).then_some(name)
}
