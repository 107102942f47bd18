// SPDX-License-Identifier: MIT
#include "apps/common/roots_flags.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

FilesystemOptions RootsFlags::chosen() const {
    FilesystemOptions options = open;
    if (tree_root) {
        options.tree_root = Logical{*tree_root};
    }
    if (chunk_root) {
        options.chunk_root = Logical{*chunk_root};
    }
    return options;
}

void add_roots_flags(CommandLine& line, RootsFlags& flags) {
    line.add_super(flags.open.volume.super_mirror, "--super");
    line.app().add_flag("--backup", flags.open.backup_roots, "take a backup root where a root can't be read");
    line.add_number("--tree-root", flags.tree_root, "take the root of the root tree from this address")
        ->option_text("BYTENR");
    line.add_number("--chunk-root", flags.chunk_root, "take the root of the chunk tree from this address")
        ->option_text("BYTENR");
}

} // namespace btrkit::apps
