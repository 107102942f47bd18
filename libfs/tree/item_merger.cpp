// SPDX-License-Identifier: MIT
#include "libfs/tree/item_merger.h"

namespace btrkit {

Result<bool> ItemMerger::add(const btrfs::Key& key, Bytes part) {
    const bool joins = is_open_ && key == key_;
    if (!joins) {
        BTRKIT_TRY(flush());
    }
    if (body_.bytes().size() + part.size() > max_size_bytes_) {
        return false;
    }
    key_ = key;
    is_open_ = true;
    body_.add_bytes(part);
    return true;
}

Result<void> ItemMerger::flush() {
    if (!is_open_) {
        return {};
    }
    is_open_ = false;
    auto added = sink_->add(key_, body_.bytes());
    body_.clear();
    return added;
}

} // namespace btrkit
