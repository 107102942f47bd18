// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/inodes/entries_to.h"

namespace btrkit::repair {

Result<std::map<u64, EntriesTo>> find_entries_to(TreeBuffer& tree, const std::set<u64>& inodes) {
    std::map<u64, EntriesTo> found;
    BTRKIT_TRY(for_each_entry_in(tree, [&](const NameForm& form) {
        if (inodes.contains(form.child)) {
            auto& entries = found[form.child];
            entries.directories.insert(form.parent);
            entries.file_type = static_cast<btrfs::FileType>(form.file_type);
        }
    }));
    return found;
}

} // namespace btrkit::repair
