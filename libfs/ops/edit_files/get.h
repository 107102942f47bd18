// SPDX-License-Identifier: MIT
// What a file holds, for who looks before and behind a change. Whole folders are taken out by extract/.
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/base/run_context.h"
#include "libfs/fs/path_lookup.h"

#include <string>

namespace btrkit::edit_files {

/// Of a regular file, to its end. Bad copies of what could be read nevertheless are told to the context. Fails with
/// not_found, damaged, refused (no regular file), io, cancelled; out has what came before.
Result<void> get_contents(const Filesystem& filesystem, const std::string& path, OutputSink& out,
                          const RunContext& context);

} // namespace btrkit::edit_files
