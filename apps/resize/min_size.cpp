// SPDX-License-Identifier: MIT
#include "apps/resize/min_size.h"

#include "apps/common/ask_image.h"
#include "apps/common/command_line.h"
#include "apps/common/finding_json.h"
#include "apps/common/missing_devices.h"
#include "apps/common/sizes.h"
#include "apps/resize/resize.h"

#include <fmt/format.h>

namespace btrkit::apps {

namespace {

constexpr Document min_size_document{.tool = resize_tool, .name = "resize-min-size", .version = 1};

std::string text_of(const resize::MinSize& found) {
    std::string text;
    for (const auto& size : found.devices) {
        text += found.devices.size() == 1 ? fmt::format("{}\n", size.new_bytes)
                                          : fmt::format("{} {}\n", size.devid, size.new_bytes);
    }
    return text;
}

std::string json_of(const std::vector<std::string>& images, const Filesystem& filesystem,
                    const resize::MinSize& found) {
    Json document = begin_document(min_size_document);
    document["images"] = texts_json("path", images);
    document["filesystem"] = filesystem_json(&filesystem.super());
    document["missing_devices"] = missing_devids(filesystem);
    document["devices"] = sizes_json(found.devices);
    document["data_bytes"] = found.data_bytes;
    document["metadata_bytes"] = found.metadata_bytes;
    document["reserve_bytes"] = found.reserve_bytes;
    return json_text(document);
}

} // namespace

Json sizes_json(std::span<const resize::DeviceSize> sizes) {
    Json list = Json::array();
    for (const auto& size : sizes) {
        list.push_back({{"devid", size.devid}, {"old_bytes", size.old_bytes}, {"new_bytes", size.new_bytes}});
    }
    return list;
}

int run_min_size(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = resize_tool, .operands = "IMAGE", .summary = min_size_summary, .verb = min_size_verb});
    std::vector<std::string> images;
    OutputFormat format = OutputFormat::text;
    line.add_one_image(images);
    line.add_format(format);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    Messages messages(line.tool_name(), io.err, line.message_style(io));
    const ImageToAsk image{.paths = images, .when_in_use = "it is not read while in use"};
    return print_answer(
        image, messages, io.out,
        [&](const Filesystem& filesystem, const RunContext& context, Messages& /*told*/) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto found, resize::min_size(filesystem, context));
            return format == OutputFormat::json ? json_of(images, filesystem, found) : text_of(found);
        });
}

} // namespace btrkit::apps
