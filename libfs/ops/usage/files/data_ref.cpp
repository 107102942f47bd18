// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/data_ref.h"

#include <algorithm>

namespace btrkit::usage {

void RefWindow::make_room() {
    const auto middle = refs_.begin() + static_cast<std::ptrdiff_t>(refs_.size() / 2);
    std::ranges::nth_element(refs_, middle, {}, &DataRef::bytenr);
    const u64 end = middle->bytenr;
    const auto first = std::ranges::min(refs_, {}, &DataRef::bytenr).bytenr;
    if (end == first) {
        most_ *= 2; // half of them and more are of one extent
        return;
    }
    end_ = end;
    std::erase_if(refs_, [end](const DataRef& ref) { return ref.bytenr >= end; });
}

std::span<const DataRef> RefWindow::settled() {
    std::ranges::sort(refs_, {},
                      [](const DataRef& ref) { return std::tuple(ref.bytenr, ref.inode, ref.file_offset, ref.roots); });
    return refs_;
}

} // namespace btrkit::usage
