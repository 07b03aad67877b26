//! Whether a program's loader would run anything of the program's own before its first instruction.
//!
//! The dynamic loader maps libraries, relocates, and runs the libraries' constructors. Of the program itself it runs what
//! is rare, and then in ways that its file declares. One that is not understood counts as one that does.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use object::elf::{
    self, DT_BIND_NOW, DT_DEBUG, DT_FINI, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, DT_FLAGS, DT_FLAGS_1, DT_GNU_HASH,
    DT_HASH, DT_INIT, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_JMPREL, DT_NEEDED, DT_PLTGOT, DT_PLTREL,
    DT_PLTRELSZ, DT_RELA, DT_RELACOUNT, DT_RELAENT, DT_RELASZ, DT_RELR, DT_RELRENT, DT_RELRSZ, DT_STRSZ,
    DT_STRTAB, DT_SYMENT, DT_SYMTAB, DT_VERNEED, DT_VERNEEDNUM, DT_VERSYM,
};
use object::elf::{Dyn64, DynamicTag, FileHeader64, ProgramHeader64, Rela64, Sym64};
use object::read::elf::{Dyn as _, FileHeader as _, GnuHashTable, ProgramHeader as _, Sym as _};
use object::{Endianness, pod};

/// Larger files are not looked at, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// The loaders of the two architectures; another is the program's own choice.
const LOADERS: [&[u8]; 2] = [b"/lib64/ld-linux-x86-64.so.2", b"/lib/ld-linux-aarch64.so.1"];
/// How names of C++ begin.
const MANGLED: &[u8] = b"_Z";
/// What has the loader call a function for a value.
const INDIRECT_RELOCATIONS: [elf::RelocationType; 2] = [elf::R_X86_64_IRELATIVE, elf::R_AARCH64_IRELATIVE];
/// What linkers write into every program. Others have the loader run functions, or look for libraries elsewhere.
const USUAL_TAGS: [DynamicTag; 31] = [
    DT_BIND_NOW,
    DT_DEBUG,
    DT_FINI,
    DT_FINI_ARRAY,
    DT_FINI_ARRAYSZ,
    DT_FLAGS,
    DT_FLAGS_1,
    DT_GNU_HASH,
    DT_HASH,
    DT_INIT,
    DT_INIT_ARRAY,
    DT_INIT_ARRAYSZ,
    DT_JMPREL,
    DT_NEEDED,
    DT_PLTGOT,
    DT_PLTREL,
    DT_PLTRELSZ,
    DT_RELA,
    DT_RELACOUNT,
    DT_RELAENT,
    DT_RELASZ,
    DT_RELR,
    DT_RELRENT,
    DT_RELRSZ,
    DT_STRSZ,
    DT_STRTAB,
    DT_SYMENT,
    DT_SYMTAB,
    DT_VERNEED,
    DT_VERNEEDNUM,
    DT_VERSYM,
];

/// True where everything that runs before the program's entry is the image's.
pub(crate) fn is_the_images_alone(program: &Path) -> bool {
    read(program).and_then(|file| judge(&file)).unwrap_or(false)
}

fn read(program: &Path) -> Option<Vec<u8>> {
    let file = File::open(program).ok()?;
    let length = file.metadata().ok()?.len();
    let mut content = Vec::new();
    file.take(FILE_BYTES_MAX).read_to_end(&mut content).ok()?;
    (content.len() as u64 == length).then_some(content)
}

/// `None` where the file makes no sense.
fn judge(content: &[u8]) -> Option<bool> {
    let image = Image::parse(content)?;
    let names = image.table(DT_STRTAB, DT_STRSZ)?;
    for entry in image.dynamic {
        let (tag, value) = (entry.tag(image.endian), entry.val(image.endian));
        let names_a_path = || {
            let name = names.get(value as usize..)?;
            Some(name.iter().take_while(|byte| **byte != 0).any(|byte| *byte == b'/'))
        };
        if !USUAL_TAGS.contains(&tag) || (tag == DT_NEEDED && names_a_path()?) {
            return Some(false);
        }
    }
    let symbol = |number: u32| {
        let bytes =
            image.from(image.value(DT_SYMTAB)?)?.get(number as usize * size_of::<Sym64<Endianness>>()..)?;
        Some(pod::from_bytes::<Sym64<Endianness>>(bytes).ok()?.0)
    };
    for (table, size) in [(DT_RELA, DT_RELASZ), (DT_JMPREL, DT_PLTRELSZ)] {
        for relocation in pod::slice_from_all_bytes::<Rela64<Endianness>>(image.table(table, size)?).ok()? {
            let kind = relocation.r_type(image.endian, false);
            let of = relocation.r_sym(image.endian, false);
            let symbol = symbol(of)?;
            // One that is not its own is a library's, such as memmove(3).
            let is_own = !symbol.is_undefined(image.endian);
            if INDIRECT_RELOCATIONS.contains(&kind) || (is_own && symbol.st_type() == elf::STT_GNU_IFUNC) {
                return Some(false);
            }
        }
    }
    // A function that libraries find instead of their own, such as malloc(3), is run by their constructors. Compilers leave
    // weak ones of C++, for templates, which are what the library has as well. Others could be written: what comes of them is looked at when
    // the program waits.
    let found =
        GnuHashTable::<FileHeader64<Endianness>>::parse(image.endian, image.from(image.value(DT_GNU_HASH)?)?)
            .ok()?;
    for number in found.symbol_base()..found.symbol_table_length(image.endian).unwrap_or(0) {
        let symbol = symbol(number)?;
        if symbol.is_undefined(image.endian) {
            continue;
        }
        let kind = symbol.st_type();
        let is_of_templates = symbol.st_bind() == elf::STB_WEAK
            && names.get(symbol.st_name.get(image.endian) as usize..)?.starts_with(MANGLED);
        if kind == elf::STT_GNU_IFUNC || (kind == elf::STT_FUNC && !is_of_templates) {
            return Some(false);
        }
    }
    Some(LOADERS.contains(&image.loader))
}

/// A dynamically linked program as its loader sees it, which does without sections.
struct Image<'a> {
    content: &'a [u8],
    endian: Endianness,
    segments: &'a [ProgramHeader64<Endianness>],
    loader: &'a [u8],
    dynamic: &'a [Dyn64<Endianness>],
}

impl<'a> Image<'a> {
    fn parse(content: &'a [u8]) -> Option<Self> {
        let header = FileHeader64::<Endianness>::parse(content).ok()?;
        let endian = header.endian().ok()?;
        let segments = header.program_headers(endian, content).ok()?;
        let loader = segments.iter().find_map(|segment| segment.interpreter(endian, content).ok()?)?;
        let dynamic = segments.iter().find_map(|segment| segment.dynamic(endian, content).ok()?)?;
        let end = dynamic.iter().position(|entry| entry.tag(endian) == elf::DT_NULL)?;
        Some(Self { content, endian, segments, loader, dynamic: &dynamic[..end] })
    }

    /// What the dynamic section says of `tag`.
    fn value(&self, tag: DynamicTag) -> Option<u64> {
        let entry = self.dynamic.iter().find(|entry| entry.tag(self.endian) == tag)?;
        Some(entry.val(self.endian))
    }

    /// What is loaded from an address on, to the end of its segment.
    fn from(&self, address: u64) -> Option<&'a [u8]> {
        let loaded = |segment: &&ProgramHeader64<Endianness>| segment.p_type(self.endian) == elf::PT_LOAD;
        self.segments.iter().filter(loaded).find_map(|segment| {
            let offset = address.checked_sub(segment.p_vaddr(self.endian))?;
            segment.data(self.endian, self.content).ok()?.get(usize::try_from(offset).ok()?..)
        })
    }

    /// A table of which one entry says where it is and another how long; empty where there is none.
    fn table(&self, place: DynamicTag, size: DynamicTag) -> Option<&'a [u8]> {
        match (self.value(place), self.value(size)) {
            (Some(place), Some(size)) => self.from(place)?.get(..usize::try_from(size).ok()?),
            (None, None) => Some(&[]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Compiles a program and tells what is said of it.
    fn judged(name: &str, source: &str, options: &[&str]) -> bool {
        let directory =
            std::env::temp_dir().join(format!("kiln-agent-loading-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let (file, program) = (directory.join("main.c"), directory.join("main"));
        std::fs::write(&file, source).unwrap();
        let status = Command::new("cc").arg(&file).arg("-o").arg(&program).args(options).status().unwrap();
        assert!(status.success(), "{name}");
        let judged = is_the_images_alone(&program);
        std::fs::remove_dir_all(directory).unwrap();
        judged
    }

    #[test]
    fn what_runs_before_the_entry_is_found() {
        const MAIN: &str = "#include <stdlib.h>\nint main(void) { return malloc(1) == 0; }\n";
        assert!(judged("plain", MAIN, &[]));
        assert!(judged("fixed", MAIN, &["-no-pie"]));
        let constructor = format!("{MAIN}__attribute__((constructor)) static void early(void) {{}}\n");
        assert!(judged("constructor", &constructor, &[]), "it is run by the C library, after the entry");
        let array = "static void early(void) {}\n__attribute__((section(\".preinit_array\"), used)) static void (*p)(void) = early;\n";
        assert!(!judged("preinit", &format!("{MAIN}{array}"), &[]));
        let resolver = "static int one(void) { return 1; }\nstatic int (*pick(void))(void) { return one; }\n\
            int picked(void) __attribute__((ifunc(\"pick\")));\nint main(void) { return picked(); }\n";
        assert!(!judged("ifunc", resolver, &[]));
        let replaced = format!("{MAIN}void *malloc(size_t bytes) {{ (void)bytes; return 0; }}\n");
        assert!(!judged("malloc", &replaced, &[]));
        let weakly = replaced.replace("void *malloc", "__attribute__((weak)) void *malloc");
        assert!(!judged("weak", &weakly, &[]));
        assert!(!judged("rpath", MAIN, &["-Wl,-rpath,/workspace"]));
        assert!(!judged("loader", MAIN, &["-Wl,--dynamic-linker=/workspace/loader"]));
        assert!(!judged("static", MAIN, &["-static"]), "its entry is where its exec ends");
    }

    #[test]
    fn what_is_no_program_is_not_understood() {
        assert_eq!(judge(b"#!/bin/sh\n"), None);
        let own = std::fs::read("/proc/self/exe").unwrap();
        for length in [0, 64, 1_000] {
            assert_eq!(judge(&own[..length]), None, "{length}");
        }
    }
}
