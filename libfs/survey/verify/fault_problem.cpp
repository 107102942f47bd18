// SPDX-License-Identifier: MIT
#include "libfs/survey/verify/fault_problem.h"

#include "libfs/volume/stripe_map.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit::survey {

namespace {

ProblemCode code_of(Fault::Kind kind) {
    switch (kind) {
    case Fault::Kind::data_unreadable: return ProblemCode::data_unreadable;
    case Fault::Kind::data_checksum: return ProblemCode::data_checksum;
    case Fault::Kind::data_differs: return ProblemCode::data_copies_differ;
    case Fault::Kind::block_unreadable: return ProblemCode::block_unreadable;
    case Fault::Kind::block: return ProblemCode::block_checksum;
    case Fault::Kind::block_differs: return ProblemCode::block_copies_differ;
    case Fault::Kind::parity:
    case Fault::Kind::parity_unreadable: break;
    }
    return ProblemCode::data_parity;
}

bool fault_is_about_data(Fault::Kind kind) {
    return kind == Fault::Kind::data_unreadable || kind == Fault::Kind::data_checksum ||
           kind == Fault::Kind::data_differs;
}

std::string detail_of(const Fault& fault, std::size_t csum_size_bytes) {
    const auto text = [&](const btrfs::CsumBytes& checksum) {
        return fmt::format("{:02x}", fmt::join(std::span(checksum).first(csum_size_bytes), ""));
    };
    switch (fault.kind) {
    case Fault::Kind::data_checksum:
        return fmt::format("stored {}, computed {}", text(fault.stored), text(fault.computed));
    case Fault::Kind::block_differs: return "it is valid by itself";
    case Fault::Kind::parity_unreadable: return "it could not be read";
    default: return {};
    }
}

} // namespace

Problems problems_of(const Fault& fault, const Filesystem& filesystem) {
    Place place{.physical = fault.place.offset, .logical = Logical{fault.range.start}};
    if (const auto* device = filesystem.volume().device_of(fault.place.devid)) {
        place.device = device->name();
    }
    if (fault.mirror > 0) {
        place.mirror = fault.mirror;
    }
    place.tree = fault.tree;
    const bool is_parity = fault.mirror == 0;
    if (fault_is_about_data(fault.kind) || is_parity) {
        place.length = fault.range.length();
    }
    Problems problems = fault.problems;
    if (problems.empty()) {
        problems.push_back({.code = code_of(fault.kind),
                            .place = {},
                            .detail = detail_of(fault, filesystem.geometry().csum_size_bytes)});
    }
    for (auto& problem : problems) {
        problem.place = place;
        problem.detail += fault.error.empty() ? "" : "; not written: " + fault.error;
    }
    return problems;
}

std::string source_of(const Fault& fault, const Chunk& chunk) {
    if (fault.mend != Mend::State::mendable && fault.mend != Mend::State::mended) {
        return {};
    }
    if (fault.mirror == 0) {
        return "the data";
    }
    return fault.source_mirror == 0 || is_rebuilt(chunk, fault.source_mirror)
               ? "parity"
               : fmt::format("mirror {}", fault.source_mirror);
}

} // namespace btrkit::survey
