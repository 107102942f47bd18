// SPDX-License-Identifier: MIT
#include "apps/common/sizes.h"
#include "apps/streams/verify_report.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

std::string origin_text(const btrfs::send::Origin& origin) {
    return fmt::format("{}, generation {}", uuid_text(origin.uuid), origin.ctransid);
}

std::string against(const verify_stream::Report& report, const verify_stream::Subvolume& subvolume) {
    if (!subvolume.parent) {
        return "whole";
    }
    const auto where = subvolume.parent_input
                           ? fmt::format("in {}", printable(report.inputs[*subvolume.parent_input].name))
                           : "which is in no stream before";
    return fmt::format("against {}, {}", origin_text(*subvolume.parent), where);
}

} // namespace

std::string verify_text(const verify_stream::Report& report, const verify_stream::InputReport& input, bool details) {
    auto text = fmt::format("{}: {}, {}, {}: {}\n", printable(input.name), plural(input.subvolumes.size(), "subvolume"),
                            plural(input.commands, "command"), size_text(input.bytes),
                            input.is_sound() ? "sound" : plural(input.fault_count, "fault"));
    for (const auto& subvolume : input.subvolumes) {
        text += fmt::format("  {} ({}): {}\n", printable(subvolume.name), origin_text(subvolume.origin),
                            against(report, subvolume));
        if (details) {
            text += fmt::format("    from byte {}: {}, {} of file data\n", subvolume.offset,
                                plural(subvolume.commands, "command"), size_text(subvolume.data_bytes));
        }
    }
    return text;
}

} // namespace btrkit::apps
