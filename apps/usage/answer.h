// SPDX-License-Identifier: MIT
// What all verbs have in common: their flags; and to open the image, measure, and print.
#pragma once

#include "apps/common/ask_image.h"
#include "apps/common/command_line.h"
#include "apps/common/sizes.h"
#include "libfs/base/run_context.h"
#include "libfs/fs/filesystem.h"
#include "libfs/render/fields_json.h"

#include <functional>

namespace btrkit::apps {

struct UsageFlags {
    std::vector<std::string> images;
    VolumeOptions volume;
    OutputFormat format = OutputFormat::text;
    Parallelism parallelism;
    std::optional<u64> memory_bytes;
    SizeForm sizes = SizeForm::iec;
};

/// --super, --format, --threads, --memory, --progress.
void add_usage_flags(CommandLine& line, UsageFlags& flags);
/// How sizes are printed, as the peer spells it.
void add_size_forms(CommandLine& line, SizeForm& form);

/// Opens the image, asks, and prints the answer. Returns the exit status.
int answer_usage(const CommandLine& line, Io& io, const UsageFlags& flags, const Answer& measure);

/// An error that names the image.
void tell_image_error(const UsageFlags& flags, std::string_view what, Messages& messages);

/// What the documents of all verbs begin with. name: "usage-df"
Json begin_usage_document(std::string_view name, const UsageFlags& flags, const Filesystem& filesystem);

} // namespace btrkit::apps
