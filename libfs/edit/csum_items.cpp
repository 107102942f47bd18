// SPDX-License-Identifier: MIT
#include "libfs/edit/csum_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/tree/csum_key.h"

namespace btrkit {

Result<void> add_csums(TreeBuffer& csum_tree, const Geometry& geometry, Logical at, Bytes csums) {
    const btrfs::Key key = csum_key(at.bytenr);
    BTRKIT_TRY_ASSIGN(auto before, csum_tree.last_up_to(key));
    const bool is_csum = before && before->key.objectid == key.objectid && before->key.type == key.type;
    const std::size_t most_bytes = max_csum_item_bytes(geometry);
    if (is_csum && before->body.size() < most_bytes &&
        before->key.offset + before->body.size() / geometry.csum_size_bytes * geometry.sectorsize == at.bytenr) {
        const Bytes grown_by = csums.first(std::min(csums.size(), most_bytes - before->body.size()));
        before->body.insert(before->body.end(), grown_by.begin(), grown_by.end());
        csum_tree.put(before->key, before->body);
        csums = csums.subspan(grown_by.size());
        at = at + grown_by.size() / geometry.csum_size_bytes * geometry.sectorsize;
    }
    CsumWriter rest(csum_tree, geometry);
    BTRKIT_TRY(rest.add(at, csums));
    return rest.flush();
}

} // namespace btrkit
