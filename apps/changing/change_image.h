// SPDX-License-Identifier: MIT
// What every tool does around its change of a filesystem: open the image for writing, let the verb change it, tell.
#pragma once

#include "apps/changing/write_flags.h"
#include "apps/common/document.h"
#include "libfs/base/run_context.h"
#include "libfs/io/image.h"
#include "libfs/ops/commit/commit.h"

#include <functional>

namespace btrkit::apps {

/// What a verb is handed.
struct ChangeInputs {
    const Filesystem& filesystem;
    const WritableDevices& devices; ///< those of the filesystem, by devid
    commit::Options commit;
    TransactionOptions transaction;
    RunContext context;
    Messages& messages;
    OutputSink& err; ///< standard error, for lines without the tool's name
};

/// What is particular about one tool.
struct ImageChange {
    Document document; ///< of --format json
    /// Called when the images are open and nothing was read of them yet. Empty: nothing.
    std::function<Result<void>(std::span<WritableImage> images)> prepare = {};
    /// Changes and commits.
    std::function<Result<commit::Report>(const ChangeInputs& inputs)> run;
    /// Called after a change that succeeded, when nothing reads the images any more; devids: of each image, nothing
    /// where it is no device of the filesystem. Empty: nothing.
    std::function<Result<void>(std::span<WritableImage> images, std::span<const std::optional<u64>> devids)> finish =
        {};
    /// Adds to the document, after a change that succeeded. Empty: there is nothing to add.
    std::function<void(Json& document)> add_members = {};
    /// What is printed before the line that tells of the commit, unless with --quiet. Empty: nothing.
    std::function<std::string()> text = {};
    /// Takes the place of that line where nothing was written. Empty: it stays.
    std::function<std::string()> nothing_text = {};
    /// Told when all is printed: a change that succeeded in part says here what failed.
    std::function<void(Messages& messages)> tell_rest = {};
};

/// Returns the exit status. What is printed is one line, or with --format json the document that
/// docs/json-schema-common.md describes ("A change").
int change_image(const CommandLine& line, Io& io, const WriteFlags& flags, const ImageChange& change);

} // namespace btrkit::apps
