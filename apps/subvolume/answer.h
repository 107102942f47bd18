// SPDX-License-Identifier: MIT
// What all verbs that only read do: open the image, ask, print the answer.
#pragma once

#include "apps/common/ask_image.h"
#include "apps/common/command_line.h"
#include "libfs/base/run_context.h"
#include "libfs/ops/subvolume/all_subvolumes.h"

#include <functional>

namespace btrkit::apps {

struct ImageFlags {
    std::vector<std::string> images;
    VolumeOptions volume;
    OutputFormat format = OutputFormat::text;
};

/// IMAGE, --member, --super, --format.
void add_image_flags(CommandLine& line, ImageFlags& flags);

/// Returns the exit status.
int answer_from_image(const CommandLine& line, Io& io, const ImageFlags& flags, const Answer& answer);

/// Says that the root tree could not be read as a whole.
void tell_incomplete(const ImageFlags& flags, Messages& messages);
/// Says so where only the end of the path is known.
void tell_lost_path(const ImageFlags& flags, const subvolume::SubvolumeInfo& subvolume, Messages& messages);

} // namespace btrkit::apps
