// SPDX-License-Identifier: MIT
// Whether two inodes are the same to those who use them.
#pragma once

#include "libfs/fs/file_data.h"
#include "libfs/ops/diff/context.h"

namespace btrkit::diff {

/// For one thread.
class InodeComparison {
public:
    explicit InodeComparison(Context& context);

    /// What is different between an inode of the old side and one of the new side, but for what is ignored. What can't
    /// be read is told, and counts as equal.
    Aspects compare(std::string_view path, const InodePlace& old_place, const Inode& old_inode,
                    const InodePlace& new_place, const Inode& new_inode);

private:
    Result<bool> has_same_extents(const InodePlace& old_place, const Inode& old_inode, const InodePlace& new_place,
                                  const Inode& new_inode);
    Result<bool> has_same_bytes(const InodePlace& old_place, const Inode& old_inode, const InodePlace& new_place,
                                const Inode& new_inode);

    Context& context_;
    FileReader old_reader_;
    FileReader new_reader_;
};

} // namespace btrkit::diff
