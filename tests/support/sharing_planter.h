// SPDX-License-Identifier: MIT
// Trees that share what they have in common, as snapshots do.
#pragma once

#include "tests/support/metadata_image.h"

#include <map>
#include <string>

namespace btrkit::test {

using Items = std::map<btrfs::Key, std::string>;

/// Plants trees such that blocks of equal contents are one block. Where a block ends depends mostly on the next key
/// alone, so a difference in one place leaves the others as they are. Only a root is no other tree's inner block.
class SharingPlanter {
public:
    explicit SharingPlanter(MetadataImage& image) : image_(&image) {}

    /// All blocks have the same owner, whichever tree they were planted for; it must be a subvolume.
    PlantedBlock plant(u64 tree, const Items& items);

private:
    void write(PlantedBlock& planted, u64 tree, u8 level, bool is_root);

    MetadataImage* image_;
    std::map<std::pair<std::string, bool>, u64>
        addresses_; ///< by contents (as if for address 0), and whether it is a root
};

} // namespace btrkit::test
