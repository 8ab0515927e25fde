//! The results as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::json;

use crate::meter::{Reading, is_reclaimable};

/// What one namespace took, in bytes.
pub(crate) struct Row {
    name: String,
    namespaces: usize,
    /// Slab objects that stay: each cache's share, where it is more than noise.
    caches: BTreeMap<String, f64>,
    slabs: f64,
    reclaimable: f64,
    system: f64,
    charged: Option<f64>,
}

impl Row {
    pub(crate) fn new(name: String, namespaces: usize, before: &Reading, after: &Reading) -> Self {
        let count = f64::from(u32::try_from(namespaces).unwrap());
        let each = |bytes: i64| f64::from(i32::try_from(bytes).unwrap()) / count;
        let mut caches = BTreeMap::new();
        let (mut slabs, mut reclaimable) = (0.0, 0.0);
        for (cache, (objects, size)) in &after.caches {
            let old = before.caches.get(cache).map_or(0, |old| old.0);
            let bytes = each((objects - old) * size);
            if is_reclaimable(cache) {
                reclaimable += bytes;
                continue;
            }
            slabs += bytes;
            if bytes.abs() >= 16.0 {
                caches.insert(cache.clone(), bytes);
            }
        }
        Self {
            name,
            namespaces,
            caches,
            slabs,
            reclaimable,
            system: each(after.system - before.system),
            charged: after.charged.zip(before.charged).map(|(after, before)| each(after - before)),
        }
    }
}

/// All results of a run.
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn json(&self) -> String {
        let row = |row: &Row| {
            json!({
                "name": row.name,
                "namespaces": row.namespaces,
                "slabObjects": row.slabs.round(),
                "reclaimable": row.reclaimable.round(),
                "meminfo": row.system.round(),
                "charged": row.charged.map(f64::round),
                "caches": row.caches,
            })
        };
        let all = json!({
            "unit": "bytes of one namespace",
            "kernel": kernel(),
            "cases": self.rows.iter().map(row).collect::<Vec<_>>(),
        });
        format!("{all:#}\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Linux {}, bytes of one namespace", kernel())?;
        let heads = ["namespaces", "slab objects", "cgroup", "meminfo", "reclaimable"];
        writeln!(
            f,
            "{:44}{:>12}{:>14}{:>12}{:>12}{:>13}",
            "", heads[0], heads[1], heads[2], heads[3], heads[4]
        )?;
        for row in &self.rows {
            let charged = row.charged.map_or("-".to_owned(), |bytes| format!("{bytes:.0}"));
            writeln!(
                f,
                "{:44}{:>12}{:>14.0}{charged:>12}{:>12.0}{:>13.0}",
                row.name, row.namespaces, row.slabs, row.system, row.reclaimable
            )?;
        }
        writeln!(f, "\nslab objects by cache:")?;
        for row in &self.rows {
            let shown = |(cache, bytes): (&String, &f64)| format!("{cache} {bytes:.0}");
            let caches: Vec<String> = row.caches.iter().map(shown).collect();
            writeln!(f, "{}: {}", row.name, caches.join(", "))?;
        }
        Ok(())
    }
}

fn kernel() -> String {
    nix::sys::utsname::uname().unwrap().release().to_string_lossy().into_owned()
}
