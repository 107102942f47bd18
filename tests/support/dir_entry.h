// SPDX-License-Identifier: MIT
// An entry of a directory, or an xattr, as it stands in an item.
#pragma once

#include "formats/btrfs/dir.h"
#include "tests/support/build_leaf.h"

namespace btrkit::test {

inline std::vector<std::byte> dir_entry(const btrfs::Key& location, btrfs::FileType file_type, std::string_view name,
                                        std::string_view data = {}) {
    btrfs::DirItem entry;
    entry.location = btrfs::DiskKey::from(location);
    entry.transid = 7;
    entry.data_len = static_cast<u16>(data.size());
    entry.name_len = static_cast<u16>(name.size());
    entry.type = static_cast<u8>(file_type);
    return bytes_from(entry, name, data);
}

} // namespace btrkit::test
