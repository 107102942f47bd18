// SPDX-License-Identifier: MIT
// What all verbs have in common: their flags; and to open the image, ask, and print.
#pragma once

#include "apps/common/ask_image.h"
#include "apps/common/document.h"
#include "apps/common/roots_flags.h"
#include "libfs/ops/resolve/resolve.h"

namespace btrkit::apps {

struct ResolveFlags {
    std::vector<std::string> images;
    std::string number; ///< the operand: what is to be resolved
    RootsFlags roots;
    OutputFormat format = OutputFormat::text;
    resolve::Options resolve;
    bool is_brief = false;
    unsigned threads = 1;
};

/// IMAGE and the operand, by that name.
void add_resolve_operands(CommandLine& line, ResolveFlags& flags, const std::string& name);
/// --whole-extent, --brief: of verbs that look for files.
void add_file_flags(CommandLine& line, ResolveFlags& flags);
/// --super, --backup, --tree-root, --chunk-root; --format, --threads.
void add_resolve_source(CommandLine& line, ResolveFlags& flags);

/// Opens the image, asks, and prints the answer. Returns the exit status.
int answer_resolve(const CommandLine& line, Io& io, const ResolveFlags& flags, const Answer& answer);

/// What the documents of all verbs begin with. name: "resolve-logical"
Json begin_resolve_document(std::string_view name, const ResolveFlags& flags, const Filesystem& filesystem);

} // namespace btrkit::apps
