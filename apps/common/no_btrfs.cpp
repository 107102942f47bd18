// SPDX-License-Identifier: MIT
#include "apps/common/no_btrfs.h"

#include "apps/common/foreign_kinds.h"
#include "apps/common/partition_text.h"
#include "libfs/base/names.h"
#include "libfs/io/btrfs_trace.h"
#include "libfs/io/image.h"
#include "libfs/io/signature.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::apps {

namespace {

/// Only a whole file is looked at as a disk: what is in a partition is called by its own signature.
std::string partitions_text(const ImagePlace& place) {
    const auto partitions = place.is_whole() ? read_partitions(place.path) : std::vector<Partition>();
    if (!partitions || partitions->empty()) {
        return {};
    }
    return fmt::format("; none of its partitions has a btrfs: {}; {}:p{} names one", list_text(*partitions),
                       printable(place.path), partitions->front().number);
}

std::string signatures_text(const ImagePlace& place, std::span<const Signature> signatures) {
    std::vector<std::string> texts;
    for (const auto& signature : signatures) {
        texts.push_back(foreign_text(place, signature));
        if (signature.kind == Signature::Kind::partition_table) {
            texts.back() += partitions_text(place);
        }
    }
    return fmt::format("{}", fmt::join(texts, "; and "));
}

} // namespace

std::string what_no_btrfs_is(const ImagePlace& place) {
    const auto device = open_image(place);
    const auto trace = device ? find_btrfs_trace(**device) : BtrfsTrace::suspected;
    if (trace >= BtrfsTrace::mirror || !device) {
        return {};
    }
    if ((*device)->size_bytes() == 0) {
        return "it is empty";
    }
    if (const auto signatures = find_signatures(place); signatures && !signatures->empty()) {
        return signatures_text(place, *signatures);
    }
    return trace == BtrfsTrace::none
               ? fmt::format("nothing that is known; if one begins further inside, say where: {}@OFFSET",
                             printable(place.path))
               : std::string();
}

bool is_no_btrfs(std::span<const ImagePlace> places, Messages& messages) {
    std::vector<std::string> texts;
    for (const auto& place : places) {
        if (const auto what = what_no_btrfs_is(place); !what.empty()) {
            texts.push_back(fmt::format("{}: no btrfs: {}", printable(place.name), what));
        }
    }
    const bool is_none = !places.empty() && texts.size() == places.size();
    for (const auto& text : texts) {
        is_none ? messages.error(text) : messages.note(text);
    }
    return is_none;
}

} // namespace btrkit::apps
