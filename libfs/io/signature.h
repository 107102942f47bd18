// SPDX-License-Identifier: MIT
// What already lives on a device: the filesystems, encrypted volumes, RAID members, swap areas and partition tables
// that libblkid knows, and beside it what images come packed in.
#pragma once

#include "libfs/io/image.h"

namespace btrkit {

struct Signature {
    enum class Kind { filesystem, partition_table, other };
    std::string type; ///< a lower-case word: that of libblkid ("ext4", "crypto_LUKS", "gpt"), or of packing.h ("qcow2")
    std::string label; ///< empty: none
    Kind kind = Kind::other;

    /// "ext4 filesystem (label \"x\")", "dos partition table", "swap signature"
    std::string text() const;
};

/// What libblkid finds there, in its order; what images come packed in only where it finds nothing. Also signatures
/// whose checksum is wrong count: somebody's data may stand behind them. Fails with io, and as open_image() does.
Result<std::vector<Signature>> find_signatures(const ImagePlace& place);

/// Zeroes the magic bytes of everything that libblkid finds in an image, so that nothing is found any more. Does not
/// flush. Fails with ErrorKind::io where the device does, or where something can't be wiped.
Result<void> wipe_signatures(const WritableImage& image);

} // namespace btrkit
