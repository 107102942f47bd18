// SPDX-License-Identifier: MIT
// The devices that a scrub reads and, where it repairs, writes.
#pragma once

#include "apps/common/messages.h"
#include "apps/common/writable_members.h"
#include "libfs/fs/filesystem.h"
#include "libfs/io/image.h"
#include "libfs/volume/volume_writer.h"

namespace btrkit::apps {

struct ScrubImages {
    std::vector<std::unique_ptr<BlockDevice>> devices; ///< for Filesystem::open()
    std::vector<WritableDevice*> writable;             ///< those of them that can be written: all or none
};

/// Opens all of them; an error for each that can't be opened or that something uses: what changes meanwhile looks
/// damaged, and must not be written.
ScrubImages open_scrub_images(std::span<const ImagePlace> places, bool for_writing, Messages& messages);

} // namespace btrkit::apps
