//! The programs that prove an image: each has its expected output beside it.

/// One program of a language's `smoke` folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmokeProgram {
    /// Its file name without the ending.
    pub name: String,
    /// Its text.
    pub code: String,
    /// The exact bytes it writes to stdout.
    pub expected_stdout: Vec<u8>,
}

impl SmokeProgram {
    /// Pairs `NAME.ending` with `NAME.out`.
    ///
    /// # Errors
    /// Names what is missing.
    pub(super) fn pair(files: &[(String, Vec<u8>)]) -> Result<Vec<Self>, String> {
        let mut programs = Vec::new();
        for (file, content) in files.iter().filter(|(file, _)| !file.ends_with(".out")) {
            let name = file.rsplit_once('.').map_or(file.as_str(), |(name, _)| name);
            let out = files.iter().find(|(other, _)| other.strip_suffix(".out") == Some(name));
            let (_, expected) =
                out.ok_or_else(|| format!("smoke/{file} has no smoke/{name}.out beside it"))?;
            let code =
                String::from_utf8(content.clone()).map_err(|_| format!("smoke/{file} is not UTF-8"))?;
            programs.push(Self { name: name.to_owned(), code, expected_stdout: expected.clone() });
        }
        programs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(programs)
    }
}
