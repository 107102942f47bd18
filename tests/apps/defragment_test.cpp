// SPDX-License-Identifier: MIT
// btrkit-defragment on images that btrkit-mkfs made: its options, and what it says.
#include "apps/check/check.h"
#include "apps/defragment/defragment.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/made_image.h"

#include <doctest/doctest.h>

namespace defragment_app_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

ToolRun defragment(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_defragment, arguments);
}

} // namespace

TEST_CASE("defragment: what mkfs has laid out well is left as it is") {
    const MadeImage image({"--size", "200m"});
    const auto done = defragment({image.path()});
    CHECK_MESSAGE(done.status == 0, done.err);
    CHECK(done.out.find("there is nothing to be done") != std::string::npos);
}

TEST_CASE("defragment: the peer's -c takes its value from the same word, or none") {
    const MadeImage image({"--size", "200m"});
    CHECK(defragment({"-n", "-c", image.path()}).status == 0);
    CHECK(defragment({"-n", "-czstd", "-L", "9", image.path()}).status == 0);
    CHECK(defragment({"-r", "-f", "--step", "1m", "-t", "32m", "-czstd", image.path(), "/"}).status == 0);
    CHECK(run_tool(apps::run_check, {"-q", "--check-data-csum", image.path()}).status == 0);
}

TEST_CASE("defragment: wrong usage is told before anything is looked at") {
    const MadeImage image;
    check_refused(defragment({"-c", "--nocomp", image.path()}), 2, {"exclude each other"}, "btrkit-defragment");
    check_refused(defragment({"-L", "3", image.path()}), 2, {"-L is for -c"}, "btrkit-defragment");
    check_refused(defragment({"--recompress", "gzip", image.path()}), 2, {"gzip"}, "btrkit-defragment");
    check_refused(defragment({"-s", "1m", image.path()}), 2, {"name them"}, "btrkit-defragment");
    check_refused(defragment({image.path(), "/"}), 2, {"-r takes all files below it"}, "btrkit-defragment");
    check_refused(defragment({image.path(), "/no-such-file"}), 1, {"no-such-file"}, "btrkit-defragment");
}

TEST_CASE("defragment: the report is a dry run") {
    const MadeImage image({"--size", "200m"});
    const auto told = defragment({"--report", "--format", "json", image.path()});
    REQUIRE_MESSAGE(told.status == 0, told.err);
    const auto document = Json::parse(told.out);
    CHECK(document["dry_run"] == true);
    CHECK(document["files"].is_array());
    CHECK(document["commits"] == 0);
}

} // namespace defragment_app_test
