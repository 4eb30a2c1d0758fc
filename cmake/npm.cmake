# What web/package-lock.json names, below the build folder.
find_program(NPM npm REQUIRED)
set(WEB_MODULES ${CMAKE_BINARY_DIR}/web/node_modules)
add_custom_command(
  OUTPUT ${WEB_MODULES}/swagger-ui-dist/swagger-ui-bundle.js ${WEB_MODULES}/swagger-ui-dist/swagger-ui.css
  COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_SOURCE_DIR}/web/package.json ${CMAKE_SOURCE_DIR}/web/package-lock.json ${CMAKE_BINARY_DIR}/web
  COMMAND ${NPM} ci --no-audit --no-fund --ignore-scripts --loglevel=error
  DEPENDS ${CMAKE_SOURCE_DIR}/web/package.json ${CMAKE_SOURCE_DIR}/web/package-lock.json
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR}/web
  VERBATIM)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/web)
