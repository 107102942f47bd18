// SPDX-License-Identifier: MIT
#include "apps/subvolume/answer.h"
#include "apps/subvolume/report_json.h"
#include "apps/subvolume/subvolume.h"
#include "apps/subvolume/verbs.h"
#include "libfs/base/names.h"

#include <algorithm>
#include <array>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

namespace {

using subvolume::PropertyType;

/// "subvol" or "s"
PropertyType parse_type(std::string_view text) {
    constexpr std::array types = std::to_array<std::pair<std::string_view, PropertyType>>({
        {"subvol", PropertyType::subvolume},
        {"filesystem", PropertyType::filesystem},
        {"inode", PropertyType::inode},
        {"device", PropertyType::device},
    });
    const auto found = std::ranges::find_if(
        types, [&](const auto& type) { return text == type.first || text == type.first.substr(0, 1); });
    if (found == types.end()) {
        throw CLI::ValidationError("-t", fmt::format("'{}' is not one of subvol, filesystem, inode, device", text));
    }
    return found->second;
}

std::string properties_text(const std::vector<subvolume::Property>& properties) {
    std::string text;
    for (const auto& property : properties) {
        text += fmt::format("{}={}\n", property.name, printable(property.value));
    }
    return text;
}

} // namespace

int run_property_get(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = subvolume_tool,
                      .operands = "IMAGE OBJECT [NAME]",
                      .summary = "Properties of a subvolume, file or directory: ro, label, compression.",
                      .verb = "property get"});
    ImageFlags flags;
    subvolume::PropertyOptions options;
    line.app()
        .add_option_function<std::string>(
            "-t", [&options](const std::string& text) { options.type = parse_type(text); },
            "taken for subvol, filesystem, inode or device")
        ->option_text("TYPE");
    add_image_flags(line, flags);
    line.app().add_option("OBJECT", options.object)->required();
    line.app().add_option("NAME", options.name);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    return answer_from_image(
        line, io, flags, [&](const Filesystem& filesystem, const RunContext&, Messages&) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto properties, subvolume::get_properties(filesystem, options));
            return flags.format == OutputFormat::json ? properties_json(flags, filesystem, options.object, properties)
                                                      : properties_text(properties);
        });
}

} // namespace btrkit::apps
