// SPDX-License-Identifier: MIT
// btrkit-mkfs called in process, and what it made looked at.
#pragma once

#include "apps/mkfs/mkfs.h"
#include "libfs/render/fields_json.h"
#include "tests/apps/tool_run.h"
#include "tests/support/temporary_folder.h"

#include <optional>

#include <doctest/doctest.h>

namespace btrkit::test {

inline ToolRun mkfs(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_mkfs, arguments);
}

/// Status 0, and not a word on standard error.
inline ToolRun mkfs_well(const std::vector<std::string>& arguments) {
    auto run = mkfs(arguments);
    CHECK(run.status == 0);
    CHECK(run.err == "");
    return run;
}

/// Refused in one line that begins with the tool's name and has all the parts; nothing else is printed.
inline void check_refused(const ToolRun& run, int status, const std::vector<std::string>& parts,
                          const std::string& tool = "btrkit-mkfs") {
    CAPTURE(run.err);
    CHECK(run.status == status);
    CHECK(run.out.empty());
    CHECK(run.err.starts_with(tool + ": "));
    CHECK(count_of(run.err, "\n") == 1);
    for (const auto& part : parts) {
        CHECK_MESSAGE(contains(run.err, part), part);
    }
}

inline Json mkfs_json_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json"});
    const auto run = mkfs(arguments);
    REQUIRE_MESSAGE(run.status == 0, run.err);
    return Json::parse(run.out);
}

/// What a filesystem of that kind would be on so many devices of 1 GiB that are not there.
inline Json planned(std::vector<std::string> arguments, int device_count = 1) {
    const TemporaryFolder folder;
    for (int i = 0; i < device_count; ++i) {
        arguments.push_back(folder / ("device" + std::to_string(i)));
    }
    arguments.insert(arguments.end(), {"--dry-run", "--size", "1g"});
    return mkfs_json_of(arguments);
}

/// The same, refused as wrong usage.
inline void check_not_planned(std::vector<std::string> arguments, const std::vector<std::string>& parts,
                              int device_count = 1) {
    const TemporaryFolder folder;
    for (int i = 0; i < device_count; ++i) {
        arguments.push_back(folder / ("device" + std::to_string(i)));
    }
    arguments.insert(arguments.end(), {"--dry-run", "--size", "1g"});
    check_refused(mkfs(arguments), 2, parts);
}

/// An environment variable, as it was again when this goes.
class EnvironmentVariable {
public:
    EnvironmentVariable(const char* name, const char* value) : name_(name) {
        if (const char* old = std::getenv(name)) {
            old_ = old;
        }
        ::setenv(name, value, 1);
    }
    ~EnvironmentVariable() {
        if (old_) {
            ::setenv(name_, old_->c_str(), 1);
        } else {
            ::unsetenv(name_);
        }
    }
    EnvironmentVariable(const EnvironmentVariable&) = delete;
    EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

private:
    const char* name_;
    std::optional<std::string> old_;
};

inline std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline bool is_there(const std::string& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
}

} // namespace btrkit::test
