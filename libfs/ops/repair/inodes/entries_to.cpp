// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/inodes/entries_to.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/repair/each_item.h"
#include "libfs/ops/repair/names/name_form.h"

namespace btrkit::repair {

Result<std::map<u64, EntriesTo>> find_entries_to(TreeBuffer& tree, const std::set<u64>& inodes) {
    std::map<u64, EntriesTo> found;
    BTRKIT_TRY(for_each_item(tree, KeyRange{}, [&](const BufferedItem& item) -> Result<void> {
        if (item.key.type != btrfs::item_type::dir_item && item.key.type != btrfs::item_type::dir_index) {
            return {};
        }
        for (const auto& form : name_forms_in(item.key, item.body)) {
            if (inodes.contains(form.child)) {
                auto& entries = found[form.child];
                entries.directories.insert(form.parent);
                entries.file_type = static_cast<btrfs::FileType>(form.file_type);
            }
        }
        return {};
    }));
    return found;
}

} // namespace btrkit::repair
