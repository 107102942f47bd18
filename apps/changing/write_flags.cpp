// SPDX-License-Identifier: MIT
#include "apps/changing/write_flags.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

void add_write_flags(CommandLine& line, WriteFlags& flags, bool has_short_dry_run) {
    line.add_one_image(flags.images);
    line.app().add_flag(has_short_dry_run ? "-n,--dry-run" : "--dry-run", flags.dry_run,
                        "do all but write: what would fail, fails");
    line.app()
        .add_option("--undo", flags.undo_path, "save what btrkit-undo needs to bring the old state back")
        ->option_text("FILE");
    line.app().add_flag("--no-proof", flags.no_proof, "don't check the changed filesystem before it is written");
    line.add_size("--memory", flags.memory_bytes, "what new blocks and the proof may take (256M)");
    line.add_threads(flags.parallelism.threads);
    line.add_format(flags.format);
    line.add_progress("--progress");
}

} // namespace btrkit::apps
