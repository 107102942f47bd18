// SPDX-License-Identifier: MIT
// What btrkit-dump-image has done, as text and as JSON.
#pragma once

#include "apps/dump_image/flags.h"
#include "libfs/fs/filesystem.h"
#include "libfs/ops/dump_image/report.h"
#include "libfs/ops/dump_image/restore.h"

namespace btrkit::apps {

/// One copy that is not as it should be, as a line.
std::string bad_copy_text(const dump_image::BadCopy& copy);

std::string dump_text(const DumpImageFlags& flags, const dump_image::Report& report);
std::string dump_json(const DumpImageFlags& flags, const Filesystem& filesystem, const dump_image::Report& report);

std::string restore_text(const DumpImageFlags& flags, const dump_image::DumpReader& dump,
                         const dump_image::RestoreReport& report);
std::string restore_json(const DumpImageFlags& flags, const dump_image::DumpReader& dump,
                         const dump_image::RestoreReport& report);

} // namespace btrkit::apps
