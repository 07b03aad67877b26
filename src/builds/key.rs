//! What a build is known by: everything that its compiler sees.

use std::fmt;

use memchr::memmem;
use sha2::{Digest, Sha256};

use crate::domain::{Affinity, Execution};
use crate::sandbox::Blueprint;

/// Raised when the agents pack builds in another way.
const FORMAT: u64 = 1;
const DIGEST_BYTES: usize = 32;

/// The digest of an image, a command, an environment, all files, and whose they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BuildKey([u8; DIGEST_BYTES]);

impl fmt::Display for BuildKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl BuildKey {
    /// Of what `execution` compiles in containers of `blueprint`; `None` where nothing is compiled, or each time something else.
    #[must_use]
    pub fn of(execution: &Execution, blueprint: &Blueprint) -> Option<Self> {
        let (language, image) = (&blueprint.language, &blueprint.image);
        let cache = language.build_cache.as_ref()?;
        let finders: Vec<_> = cache.never_with.iter().map(memmem::Finder::new).collect();
        let differs = |content: &[u8]| finders.iter().any(|finder| finder.find(content).is_some());
        if execution.files.iter().any(|file| differs(&file.content)) {
            return None;
        }
        let paths: Vec<String> = execution.files.iter().map(|file| file.path.clone()).collect();
        let command = language.compile_argv(image, &execution.main, &paths)?;
        let mut fields = Fields(Sha256::new());
        fields.number(FORMAT);
        fields.bytes(blueprint.image_id.as_bytes());
        fields.strings(&command);
        for (name, value) in language.environment(image).iter().chain(&execution.env) {
            fields.bytes(name.as_bytes());
            fields.bytes(value.as_bytes());
        }
        fields.number(execution.files.len() as u64);
        for file in &execution.files {
            fields.bytes(file.path.as_bytes());
            fields.number(file.executable.into());
            fields.bytes(&file.content);
        }
        // A container that serves once may run what its tenant's other containers have compiled.
        match execution.affinity() {
            Some(Affinity::Everyone) => fields.number(0),
            Some(Affinity::Tenant(_)) | None => {
                fields.number(1);
                fields.bytes(execution.tenant.as_str().as_bytes());
            }
        }
        Some(Self(fields.0.finalize().into()))
    }

    /// From its text, as it names a file.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() != 2 * DIGEST_BYTES || !text.is_ascii() {
            return None;
        }
        let mut digest = [0; DIGEST_BYTES];
        for (index, byte) in digest.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(digest))
    }
}

/// Each field with its length before it: no two lists of fields give the same bytes.
struct Fields(Sha256);

impl Fields {
    fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    fn strings(&mut self, strings: &[String]) {
        self.number(strings.len() as u64);
        strings.iter().for_each(|string| self.bytes(string.as_bytes()));
    }
}
