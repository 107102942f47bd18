// SPDX-License-Identifier: MIT
#include "apps/common/finding_json.h"
#include "apps/common/sizes.h"
#include "apps/resolve/address_report.h"
#include "apps/resolve/resolve.h"
#include "apps/resolve/resolve_flags.h"
#include "apps/resolve/verbs.h"
#include "libfs/base/names.h"
#include "libfs/render/json_text.h"
#include "libfs/survey/subvolume.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace btrkit::apps {

int run_resolve_inode(std::span<const std::string> arguments, Io& io) {
    CommandLine line({.name = resolve_tool,
                      .operands = "IMAGE INODE [SUBVOLUME]",
                      .summary = "Tell the paths of an inode, from the top of its subvolume on.",
                      .verb = "inode"});
    ResolveFlags flags;
    std::string name = "5";
    add_resolve_operands(line, flags, "INODE");
    line.app().add_option("SUBVOLUME", name);
    add_resolve_source(line, flags);
    if (const auto status = line.parse(arguments, io)) {
        return *status;
    }
    const auto inode = parse_number(flags.number);
    if (!inode) {
        return line.wrong_usage(io, fmt::format("'{}' is no inode", printable(flags.number)));
    }
    return answer_resolve(
        line, io, flags,
        [&](const Filesystem& filesystem, const RunContext& context, Messages&) -> Result<std::string> {
            BTRKIT_TRY_ASSIGN(const auto subvolume, survey::find_subvolume(filesystem, name));
            BTRKIT_TRY_ASSIGN(const auto paths, resolve::resolve_inode(filesystem, subvolume.tree, *inode, context));
            if (flags.format == OutputFormat::json) {
                auto document = begin_resolve_document("resolve-inode", flags, filesystem);
                document["tree"] = subvolume.id();
                document["inode"] = *inode;
                document["paths"] = texts_json("path", paths);
                return json_text(document);
            }
            std::string text;
            for (const auto& path : paths) {
                text += printable(path) + "\n";
            }
            return text;
        });
}

} // namespace btrkit::apps
